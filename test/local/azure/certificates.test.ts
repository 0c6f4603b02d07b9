import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureCertificates } from '../../../local/azure/certificates.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'certificates-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('ensureCertificates', () => {
  it('makes an authority and two server certificates that it has signed, for the loopback', async () => {
    const files = await ensureCertificates(join(directory, 'new'));
    const authority = new X509Certificate(readFileSync(files.caFile));
    expect(authority.ca).toBe(true);
    expect(authority.verify(authority.publicKey)).toBe(true);
    for (const { certificateFile, keyFile } of [files.arm, files.storage]) {
      const certificate = new X509Certificate(readFileSync(certificateFile));
      expect(certificate.checkIssued(authority)).toBe(true);
      expect(certificate.verify(authority.publicKey)).toBe(true);
      expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
      expect(certificate.checkHost('localhost')).toBe('localhost');
      expect(statSync(keyFile).mode & 0o077).toBe(0);
    }
  });

  it('keeps what is good, and makes all anew when a part is missing or broken', async () => {
    const first = await ensureCertificates(directory);
    const before = readFileSync(first.caFile, 'utf8');
    await ensureCertificates(directory);
    expect(readFileSync(first.caFile, 'utf8')).toBe(before);
    rmSync(first.storage.keyFile);
    await ensureCertificates(directory);
    const second = readFileSync(first.caFile, 'utf8');
    expect(second).not.toBe(before);
    writeFileSync(first.arm.certificateFile, 'half a certific');
    await ensureCertificates(directory);
    const authority = new X509Certificate(readFileSync(first.caFile));
    expect(new X509Certificate(readFileSync(first.arm.certificateFile)).verify(authority.publicKey)).toBe(true);
  });
});
