/** MinIO. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CERTIFICATE, KEY } from '../http/self-signed.ts';
import { CREDENTIALS, findGoProgram, startServer, withoutServer, type S3Server, type ServerProgram } from './server.ts';

export const MINIO: ServerProgram = {
  name: 'MinIO',
  path: findGoProgram('MINIO_BIN', 'minio'),
  howToInstall: 'install it with `go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c`, or name its binary in MINIO_BIN',
  args: (host, port, folder) => ['server', '--quiet', '--address', `${host}:${port}`, folder],
  env: {
    MINIO_ROOT_USER: CREDENTIALS.accessKeyId,
    MINIO_ROOT_PASSWORD: CREDENTIALS.secretAccessKey,
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
    // SSE-S3 needs a key; this one protects what a test has made up.
    MINIO_KMS_SECRET_KEY: 'tests:OSMM+vkKUTCvQs9YL/CVMIMt43HFhkUpqJxTmGl6rYw=',
  },
  readyPath: '/minio/health/live',
};

export type Minio = S3Server;

export const withoutMinio: string | false = withoutServer(MINIO);

export function startMinio(): Promise<Minio> {
  return startServer(MINIO);
}

const SECURE_MINIO: ServerProgram = {
  ...MINIO,
  args: (host, port, folder) => {
    const certificates = join(folder, 'certificates');
    mkdirSync(certificates);
    writeFileSync(join(certificates, 'public.crt'), CERTIFICATE);
    writeFileSync(join(certificates, 'private.key'), KEY);
    return ['server', '--quiet', '--certs-dir', certificates, '--address', `${host}:${port}`, join(folder, 'data')];
  },
  ca: CERTIFICATE,
};

/** Over TLS, with a certificate that signs itself. */
export function startSecureMinio(): Promise<Minio> {
  return startServer(SECURE_MINIO);
}
