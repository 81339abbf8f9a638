/**
 * Which endpoint, region and credentials a scan uses: flags first, then the environment, then the profile in the shared
 * AWS files, as the AWS tools do it.
 */
import { Failure } from '../failure.ts';
import type { AwsVariants } from './bucket-address.ts';
import { credentialProvider, type CredentialProvider } from './credentials.ts';

export interface SettingsOptions {
  readonly endpoint: string | null;
  readonly region: string | null;
  readonly profile: string | null;
  readonly noSignRequest: boolean;
  readonly dualStack: boolean;
  readonly fips: boolean;
  readonly accelerate: boolean;
}

export interface Settings {
  /** null for AWS itself */
  readonly endpoint: string | null;
  readonly region: string;
  readonly variants: AwsVariants;
  /** null where requests go out unsigned */
  readonly credentials: CredentialProvider | null;
}

type Section = Readonly<Record<string, string | undefined>>;
type Sections = Readonly<Record<string, Section>>;

const NO_SECTION: Section = {};
const DEFAULT_PROFILE = 'default';
const DEFAULT_REGION = 'us-east-1';

export async function resolveSettings(options: SettingsOptions): Promise<Settings> {
  const { env } = process;
  const profile = options.profile ?? (env['AWS_PROFILE'] || null);
  const endpoint = options.endpoint ?? (env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'] || null);
  const region = options.region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || null);
  // The files are read only if they can matter: `head` for one key has to start in 400 ms.
  const shared = profile !== null || endpoint === null || region === null ? await sharedSettings(profile ?? DEFAULT_PROFILE) : null;
  return {
    endpoint: endpoint ?? shared?.endpoint ?? null,
    region: checkedRegion(region ?? shared?.region ?? DEFAULT_REGION),
    variants: {
      dualStack: options.dualStack || wants(env['AWS_USE_DUALSTACK_ENDPOINT'] || shared?.dualStack),
      fips: options.fips || wants(env['AWS_USE_FIPS_ENDPOINT'] || shared?.fips),
      accelerate: options.accelerate,
      expressSessions: !wants(env['AWS_S3_DISABLE_EXPRESS_SESSION_AUTH'] || shared?.expressSessionsOff),
    },
    credentials: options.noSignRequest ? null : credentialProvider(profile),
  };
}

/** The region goes into a host name, a header and the credential scope. Other servers than AWS have names like `RegionOne`. */
function checkedRegion(region: string): string {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(region)) return region;
  throw new Failure('usage', `${JSON.stringify(region)} is not a region`, 'give one such as --region eu-central-1');
}

function wants(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}

interface SharedSettings {
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly dualStack: string | undefined;
  readonly fips: string | undefined;
  readonly expressSessionsOff: string | undefined;
}

async function sharedSettings(profile: string): Promise<SharedSettings> {
  // Imported here because it costs some 30 ms.
  const { loadSharedConfigFiles } = await import('@smithy/shared-ini-file-loader');
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const found = Object.hasOwn(configFile, profile) || Object.hasOwn(credentialsFile, profile);
  if (!found && profile !== DEFAULT_PROFILE) {
    const message = `there is no profile ${JSON.stringify(profile)} in the AWS config and credentials files`;
    throw new Failure('usage', message, knownProfiles(configFile, credentialsFile));
  }
  const section = { ...sectionOf(credentialsFile, profile), ...sectionOf(configFile, profile) };
  return {
    endpoint: servicesEndpoint(section, configFile, profile) || section['endpoint_url'],
    region: section['region'],
    dualStack: section['use_dualstack_endpoint'],
    fips: section['use_fips_endpoint'],
    expressSessionsOff: section['s3_disable_express_session_auth'],
  };
}

function sectionOf(file: Sections, name: string): Section {
  return Object.hasOwn(file, name) ? file[name]! : NO_SECTION;
}

/** `endpoint_url` under `s3 =` in the `[services NAME]` section that the profile names. The loader joins both levels with a dot. */
function servicesEndpoint(section: Section, configFile: Sections, profile: string): string | undefined {
  const { services } = section;
  if (!services) return undefined;
  const name = `services.${services}`;
  if (!Object.hasOwn(configFile, name)) {
    const message = `profile ${JSON.stringify(profile)} refers to a section [services ${services}] that the AWS config file does not have`;
    throw new Failure('usage', message, 'add the section, or name another profile');
  }
  return configFile[name]!['s3.endpoint_url'];
}

function knownProfiles(...files: Sections[]): string {
  const names = new Set(files.flatMap((file) => Object.keys(file)).filter((name) => !/^(services|sso-session)\./.test(name)));
  if (names.size === 0) return 'no profiles were found: set AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or run `aws configure`';
  return `known profiles: ${[...names].slice(0, 10).join(', ')}${names.size > 10 ? ', …' : ''}`;
}
