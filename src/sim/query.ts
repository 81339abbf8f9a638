/** Query strings: names and values as bytes. */
import { percentDecode, type ByteString } from './byte-string.ts';

/** In the order sent; a plus sign is a space. null where an escape is broken. */
export function parseQuery(query: string): readonly (readonly [ByteString, ByteString])[] | null {
  const parameters: [ByteString, ByteString][] = [];
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    const value = decode(equals === -1 ? '' : part.slice(equals + 1));
    if (name === null || value === null) return null;
    parameters.push([name, value]);
  }
  return parameters;
}

function decode(wire: string): ByteString | null {
  return percentDecode(wire.includes('+') ? wire.replaceAll('+', ' ') : wire);
}
