/** moto: S3 in Python, in memory. Checks no signature. */
import { findProgram, startServer, withoutServer, type S3Server, type ServerProgram } from './server.ts';

const MOTO: ServerProgram = {
  name: 'moto',
  path: findProgram('MOTO_SERVER', 'moto_server'),
  howToInstall: 'install it with `pip install "moto[server]==5.2.5"`, or name its moto_server in MOTO_SERVER',
  args: (host, port) => ['-H', host, '-p', port],
  env: {},
  readyPath: '/',
};

export const withoutMoto: string | false = withoutServer(MOTO);

export function startMoto(): Promise<S3Server> {
  return startServer(MOTO);
}
