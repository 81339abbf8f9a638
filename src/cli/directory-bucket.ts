/** What cannot be asked of a directory bucket (S3 Express One Zone): it lists in no order, knows no start-after, and prefixes are folders. */
import { Failure } from '../failure.ts';
import { isDirectoryBucket } from '../s3/address.ts';
import { isDirectoryOutput, type CommonFlags } from './common-options.ts';

/** Throws Failure('usage') where the bucket is one and an option needs what it lacks. */
export function checkDirectoryBucket(bucket: string, flags: CommonFlags & { readonly sorted?: boolean }): void {
  if (!isDirectoryBucket(bucket)) return;
  const needed: readonly (readonly [option: string, isGiven: boolean])[] = [
    ['--start-after', flags.startAfter !== undefined],
    ['--end-at', flags.endAt !== undefined],
    ['--sorted', flags.sorted === true],
    ['--output to a folder, which keeps what is covered', isDirectoryOutput(flags)],
  ];
  const given = needed.find(([, isGiven]) => isGiven);
  if (given === undefined) return;
  throw new Failure('usage', `${bucket} is a directory bucket, which lists its keys in no order: there is no ${given[0]}`, 'leave it out; one file can be written, and sorted afterwards');
}
