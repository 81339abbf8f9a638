/**
 * Record batches put aside in a file and read back in any order. The file has no name: it is removed as soon as it is
 * open, so that nothing is left behind however the process ends.
 *
 * A batch is written as its arrays, aligned for their types, and behind them a header: the batch in JSON, with the
 * place of each array where the array was.
 */
import { randomUUID } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import type { RecordBatchData } from '../records/record-batch.ts';

/** Where in the file a batch is. */
export interface SpilledPage {
  readonly offset: number;
  /** of the header */
  readonly headerBytes: number;
  readonly bytes: number;
}

const ARRAYS = { u8: Uint8Array, i32: Int32Array, i64: BigInt64Array } as const;
type ArrayType = keyof typeof ARRAYS;
type PlacedArray = readonly [type: ArrayType, offset: number, length: number];
/** No name of a field of a batch. */
const PLACE = '@';

const ALIGNMENT = 8;

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function arrayType(value: unknown): ArrayType | null {
  if (value instanceof Uint8Array) return 'u8';
  if (value instanceof Int32Array) return 'i32';
  return value instanceof BigInt64Array ? 'i64' : null;
}

function encode(batch: RecordBatchData): { readonly bytes: Buffer; readonly headerBytes: number } {
  const arrays: Uint8Array[] = [];
  let at = 0;
  const text = JSON.stringify(batch, (_name, value: unknown) => {
    const type = arrayType(value);
    if (type === null) return value;
    const array = value as Uint8Array | Int32Array | BigInt64Array;
    const place: PlacedArray = [type, at, array.length];
    const padding = aligned(array.byteLength) - array.byteLength;
    arrays.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), new Uint8Array(padding));
    at += array.byteLength + padding;
    return { [PLACE]: place };
  });
  const header = Buffer.from(text);
  return { bytes: Buffer.concat([...arrays, header]), headerBytes: header.length };
}

/** The arrays stay where they are in `bytes`. */
function decode(bytes: ArrayBuffer, headerBytes: number): RecordBatchData {
  const header = Buffer.from(bytes, bytes.byteLength - headerBytes).toString();
  return JSON.parse(header, (_name, value: unknown) => {
    if (typeof value !== 'object' || value === null || !(PLACE in value)) return value;
    const [type, offset, length] = value[PLACE] as PlacedArray;
    return new ARRAYS[type](bytes, offset, length);
  }) as RecordBatchData;
}

function unusable(folder: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const hint = 'make room there, or leave --sorted out; a temporary file lies beside the output, or in TMPDIR where that is standard output';
  return new Failure('output', `pages could not be put aside for sorting in ${folder}: ${reason}`, hint, { cause });
}

export class SpillFile {
  private readonly file: FileHandle;
  private readonly folder: string;
  private end = 0;

  private constructor(file: FileHandle, folder: string) {
    this.file = file;
    this.folder = folder;
  }

  static async open(folder: string): Promise<SpillFile> {
    const path = join(folder, `.s3scan-sort-${randomUUID()}`);
    try {
      const file = await open(path, 'wx+', 0o600);
      await rm(path);
      return new SpillFile(file, folder);
    } catch (error) {
      throw unusable(folder, error);
    }
  }

  async write(batch: RecordBatchData): Promise<SpilledPage> {
    const { bytes, headerBytes } = encode(batch);
    const offset = this.end;
    this.end += bytes.length;
    try {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.file.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
      }
    } catch (error) {
      throw unusable(this.folder, error);
    }
    return { offset, headerBytes, bytes: bytes.length };
  }

  async read({ offset, headerBytes, bytes }: SpilledPage): Promise<RecordBatchData> {
    const buffer = new ArrayBuffer(bytes);
    let done = 0;
    try {
      while (done < bytes) {
        const { bytesRead } = await this.file.read(new Uint8Array(buffer, done), 0, bytes - done, offset + done);
        if (bytesRead === 0) throw new Error('it ends too early');
        done += bytesRead;
      }
    } catch (error) {
      throw unusable(this.folder, error);
    }
    return decode(buffer, headerBytes);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
