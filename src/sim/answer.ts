/** Response messages: the status line, the headers that every S3 answer has, and what belongs to one kind of answer. */
import { hex8 } from './mix.ts';
import type { PageBuffer } from './page-buffer.ts';
import type { S3Error } from './s3-error.ts';
import { XML_DECLARATION, xmlText } from './xml-text.ts';

const SERVER = 'Server: s3scan-sim\r\n';

/** One character a byte: the whole answer, or the part of it before a listing's page. */
export type Answer = string | { readonly head: string; readonly page: PageBuffer };

export class AnswerWriter {
  readonly #idPrefix: string;
  #answers = 0;
  #second = 0;
  #dateLine = '';

  /** `stream` keeps request ids of several processes apart. */
  constructor(stream: number) {
    this.#idPrefix = hex8(Math.imul(stream + 1, 0x9e3779b1)).toUpperCase();
  }

  /** 200 to a HEAD. `headers`: lines with their line ends, Content-Length among them. */
  head(headers: string, close: boolean): string {
    return `HTTP/1.1 200 OK\r\n${this.#common(this.#nextId())}${headers}${ending(close)}`;
  }

  /** What goes before a document of `length` bytes. */
  beforeDocument(length: number, close: boolean): string {
    return `HTTP/1.1 200 OK\r\n${this.#common(this.#nextId())}${documentHeaders(length)}${ending(close)}`;
  }

  error(error: S3Error, headRequest: boolean, close: boolean): string {
    const id = this.#nextId();
    const start = `HTTP/1.1 ${error.status}\r\n${this.#common(id)}${error.headers ?? ''}`;
    // As S3 does it: the answer to a HEAD has no body, and says nothing of the length of the one that it leaves out.
    if (headRequest) return `${start}Content-Type: application/xml\r\nTransfer-Encoding: chunked\r\n${ending(close)}`;
    const elements = Object.entries(error.elements ?? {}).map(([name, value]) => `<${name}>${xmlText(value)}</${name}>`);
    const body = `${XML_DECLARATION}<Error><Code>${error.code}</Code><Message>${xmlText(error.message)}</Message>${elements.join('')}<RequestId>${id}</RequestId></Error>`;
    return `${start}${documentHeaders(body.length)}${ending(close)}${body}`;
  }

  #nextId(): string {
    return this.#idPrefix + hex8(this.#answers++);
  }

  #common(id: string): string {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#dateLine = `\r\nDate: ${new Date(now).toUTCString()}\r\n${SERVER}`;
    }
    return `x-amz-request-id: ${id}${this.#dateLine}`;
  }
}

function documentHeaders(length: number): string {
  return `Content-Type: application/xml\r\nContent-Length: ${length}\r\n`;
}

function ending(close: boolean): string {
  return close ? 'Connection: close\r\n\r\n' : 'Connection: keep-alive\r\n\r\n';
}
