/** What `list` is compared with: the AWS SDK's paginator. `node dist/bench/paginator.js ENDPOINT KEYS`; prints how many keys it had. */
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { BUCKET } from './head-command.ts';

const [endpoint, wanted] = process.argv.slice(2) as [string, string];
const client = new S3Client({ endpoint, forcePathStyle: true });
let keys = 0;
for await (const page of paginateListObjectsV2({ client }, { Bucket: BUCKET })) {
  keys += page.Contents?.length ?? 0;
  if (keys >= Number(wanted)) break;
}
console.log(keys);
client.destroy();
