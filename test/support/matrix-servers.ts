/** The servers of the conformance matrix, by the names that its table has. */
import { withoutMinio, startMinio } from './minio.ts';
import { startMoto, withoutMoto } from './moto.ts';
import type { S3Server } from './server.ts';
import { startVersitygw, withoutVersitygw } from './versitygw.ts';

export interface MatrixServer {
  readonly name: string;
  readonly start: () => Promise<S3Server>;
  /** for `test(…, { skip })` */
  readonly skip: string | false;
  /** answers so quickly that every key can be asked for every format */
  readonly fast: boolean;
}

export const MATRIX_SERVERS: readonly MatrixServer[] = [
  { name: 'MinIO', start: startMinio, skip: withoutMinio, fast: true },
  { name: 'versitygw 1.8.0', start: startVersitygw, skip: withoutVersitygw, fast: false },
  { name: 'moto 5.2.5', start: startMoto, skip: withoutMoto, fast: false },
];
