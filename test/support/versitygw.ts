/** versitygw over a folder, and its versions in another. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CREDENTIALS, findGoProgram, startServer, withoutServer, type S3Server, type ServerProgram } from './server.ts';

const VERSITYGW: ServerProgram = {
  name: 'versitygw',
  path: findGoProgram('VERSITYGW_BIN', 'versitygw'),
  howToInstall: 'install it with `go install github.com/versity/versitygw/cmd/versitygw@v1.8.0`, or name its binary in VERSITYGW_BIN',
  args: (host, port, folder) => {
    const [objects, versions] = ['objects', 'versions'].map((name) => join(folder, name)) as [string, string];
    for (const path of [objects, versions]) mkdirSync(path);
    return ['--quiet', '--port', `${host}:${port}`, 'posix', '--versioning-dir', versions, objects];
  },
  env: { ROOT_ACCESS_KEY: CREDENTIALS.accessKeyId, ROOT_SECRET_KEY: CREDENTIALS.secretAccessKey },
  readyPath: '/',
};

export const withoutVersitygw: string | false = withoutServer(VERSITYGW);

export function startVersitygw(): Promise<S3Server> {
  return startServer(VERSITYGW);
}
