/** Many small objects in MinIO in a few requests: tar archives that it unpacks (its `snowball` extension). */
import { CreateBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

const BLOCK = 512;
const OBJECTS_PER_ARCHIVE = 5000;

/** A header of POSIX ustar, for a file of one byte. */
function header(name: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  const fields: readonly (readonly [text: string, at: number])[] = [
    [name, 0],
    ['0000644\0', 100],
    ['00000000001\0', 124],
    ['00000000000\0', 136],
    // what the checksum is taken with in its own place
    ['        ', 148],
    ['0', 156],
    ['ustar\x0000', 257],
  ];
  for (const [text, at] of fields) block.write(text, at, 'utf8');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Makes the bucket. Keys of at most 100 bytes. */
export async function writeManyObjects(client: S3Client, bucket: string, keys: readonly string[]): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const content = Buffer.alloc(BLOCK);
  content.write('x');
  for (let from = 0; from < keys.length; from += OBJECTS_PER_ARCHIVE) {
    const files = keys.slice(from, from + OBJECTS_PER_ARCHIVE).flatMap((key) => [header(key), content]);
    const Body = Buffer.concat([...files, Buffer.alloc(2 * BLOCK)]);
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'archive.tar', Body, Metadata: { 'snowball-auto-extract': 'true' } }));
  }
}
