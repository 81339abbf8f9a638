/** A GetConnection that shares nothing with others. */
import { Deadlines } from '../../src/http/deadlines.ts';
import { GetConnection } from '../../src/http/get-connection.ts';
import { ResponseHead } from '../../src/http/response-head.ts';
import type { ConnectionSettings } from '../../src/http/settings.ts';

export function getter(settings: ConnectionSettings, onAgain: () => void = () => {}): GetConnection {
  return new GetConnection(settings, { deadlines: new Deadlines(), head: new ResponseHead() }, onAgain);
}
