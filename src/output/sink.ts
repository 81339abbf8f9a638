/** Where the encoded bytes of a scan go. Bytes are whole on disk, or handed to the reader, after `commit`. */
export interface Sink {
  /** bytes taken in so far */
  readonly bytes: number;
  /** Resolves when the operating system has taken all of them; the memory may then be used anew. */
  write(bytes: Uint8Array): Promise<void>;
  /** Publishes (R8). */
  commit(): Promise<void>;
  /** Leaves nothing behind that is not whole. Never throws. */
  abort(): Promise<void>;
}

/** The reader of standard output went away (`| head -1`): no error, there is just no one to write for. */
export class OutputClosed extends Error {
  constructor() {
    super('the reader of standard output closed it');
    this.name = 'OutputClosed';
  }
}
