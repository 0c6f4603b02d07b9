import { parseAddress, parsePrefix } from '../address-space.ts';

const serviceTag = /^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*$/;
const portText = /^(\d{1,5})(?:-(\d{1,5}))?$/;

/** `a.b.c.d-e.f.g.h` with the first not after the second. */
export function isAddressRange(text: string): boolean {
  const [from, to, ...more] = text.split('-');
  const first = parseAddress(from ?? '');
  const last = parseAddress(to ?? '');
  return (
    more.length === 0 &&
    first !== undefined &&
    last !== undefined &&
    first.family === last.family &&
    first.first <= last.first
  );
}

/** One address, a prefix, or a range. */
export function isAddressOrRange(text: string): boolean {
  return parseAddress(text) !== undefined || parsePrefix(text) !== undefined || isAddressRange(text);
}

/** The name of a service tag such as `AzureCloud.westeurope`, by its form. */
export function isServiceTag(text: string): boolean {
  return serviceTag.test(text);
}

/** A port, or a range of ports, from 0 to 65535. */
export function isPortOrRange(text: string): boolean {
  const found = portText.exec(text);
  if (found === null) return false;
  const first = Number(found[1]);
  const last = Number(found[2] ?? found[1]);
  return first <= last && last <= 65_535;
}

/** A host name, with a wildcard in front where `wildcard` allows it. */
export function isHostName(text: string, wildcard: boolean): boolean {
  const name = wildcard ? text.replace(/^\*\.?/, '') : text;
  if (name === '' && text === '*') return true;
  return (
    name.length <= 253 &&
    /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(
      name,
    )
  );
}

/** The first text that was seen before, ignoring case, with the index of its repeat; all of them. */
export function repeatsOf(
  texts: readonly string[],
): readonly { readonly index: number; readonly first: number; readonly text: string }[] {
  const seen = new Map<string, number>();
  return texts.flatMap((text, index) => {
    const key = text.toLowerCase();
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    return first === undefined ? [] : [{ index, first, text }];
  });
}
