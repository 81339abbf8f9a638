/** What the body of an answer has to be: a page of a listing, and all of it. */
import { Failure } from '../failure.ts';
import { XmlError } from '../s3/xml.ts';

/** What `read` makes of the body; a Failure where that is not well formed, or not what a listing answers. */
export function wholePage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new Failure(
      'listing',
      `the answer is no whole page of a listing: ${error.message}`,
      'check that the endpoint is an S3 endpoint and that no proxy answers in its place',
      { cause: error },
    );
  }
}
