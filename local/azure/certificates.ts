import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** PEM files of a certificate and its key. */
export interface CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface Certificates {
  /** PEM of the authority, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  /** For the simulation's own HTTPS. */
  readonly arm: CertificateFiles;
  /** For a storage emulator's HTTPS. */
  readonly storage: CertificateFiles;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Apple's and Node's clients take no server certificate of more than 825 days. */
const LIFE_DAYS = 800;
/** Made anew before a long run could outlive them. */
const RENEW_DAYS = 30;
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';

/**
 * The certificates in a folder, made on first use and whenever one is missing, unreadable or near its end: an authority
 * and two server certificates for 127.0.0.1, ::1 and localhost.
 */
export async function ensureCertificates(directory: string): Promise<Certificates> {
  const files = filesIn(directory);
  if (await areGood(files)) return files;
  mkdirSync(directory, { recursive: true });
  const authority = await makeAuthority();
  await makeServer('Hubkeeper simulated Azure', authority, files.arm);
  await makeServer('Hubkeeper local storage', authority, files.storage);
  // Written last: a folder with an authority is complete.
  writeWhole(files.caFile, authority.certificate.toString('pem'), 0o644);
  return files;
}

function filesIn(directory: string): Certificates {
  return {
    caFile: join(directory, 'ca.pem'),
    arm: { certificateFile: join(directory, 'arm.pem'), keyFile: join(directory, 'arm-key.pem') },
    storage: { certificateFile: join(directory, 'storage.pem'), keyFile: join(directory, 'storage-key.pem') },
  };
}

async function areGood({ caFile, arm, storage }: Certificates): Promise<boolean> {
  const all = [caFile, arm.certificateFile, arm.keyFile, storage.certificateFile, storage.keyFile];
  if (!all.every((file) => existsSync(file))) return false;
  try {
    const authority = new x509.X509Certificate(readFileSync(caFile, 'utf8'));
    const checks = [arm, storage].map(({ certificateFile }) =>
      new x509.X509Certificate(readFileSync(certificateFile, 'utf8')).verify({
        publicKey: authority.publicKey,
        date: new Date(Date.now() + RENEW_DAYS * DAY_MS),
      }),
    );
    return (await Promise.all(checks)).every((good) => good);
  } catch {
    return false;
  }
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

async function makeAuthority(): Promise<Authority> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // A name of its own for each authority, or a trust store with two of them picks the wrong one.
    name: `CN=Hubkeeper local authority ${serialNumber().slice(0, 8)}`,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

async function makeServer(name: string, authority: Authority, files: CertificateFiles): Promise<void> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${name}`,
    issuer: authority.certificate.subject,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([SERVER_AUTHENTICATION]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
    ],
  });
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  writeWhole(files.keyFile, x509.PemConverter.encode(key, 'PRIVATE KEY'), 0o600);
  writeWhole(files.certificateFile, certificate.toString('pem'), 0o644);
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + LIFE_DAYS * DAY_MS) };
}

function serialNumber(): string {
  // Positive: the first bit of a DER integer is its sign.
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

/** A reader sees the old file or the new one, never half of it. */
function writeWhole(file: string, text: string, mode: number): void {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, text.endsWith('\n') ? text : `${text}\n`, { mode });
  renameSync(unfinished, file);
}
