/** What makes a listing go another way instead of ending it. Any other Failure of a page says nothing of the server's ways. */
import { Failure } from '../failure.ts';

/** Keys do not ascend from where the page was asked: the server does not take start-after, or knows no order. */
export class OutOfOrder extends Failure {
  constructor(message: string) {
    super('listing', message, 'the server lists out of order or ignores start-after: such a listing cannot be proven complete');
  }
}

/** Others follow the page, and it gives no continuation token: so do servers that know only version 1 of ListObjects. */
export class NoToken extends Failure {
  constructor() {
    super('listing', 'the page says IsTruncated and gives no continuation token', 'the server gives nothing that the listing could be continued with');
  }
}
