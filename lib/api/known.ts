import type * as z from 'zod';
import type { Json } from '../json.ts';

/**
 * The type of a wire body: the fields that its schema names, read-only, without "and any other field". Bodies pass
 * fields on that they do not name; code uses only those it knows.
 */
export type Known<Schema extends z.ZodType> = KnownFields<z.output<Schema>>;

type KnownFields<T> = [Json] extends [T]
  ? T
  : [Record<string, unknown>] extends [T]
    ? T
    : T extends readonly (infer Item)[]
      ? readonly KnownFields<Item>[]
      : T extends object
        ? { readonly [Key in keyof T as string extends Key ? never : Key]: KnownFields<T[Key]> }
        : T;
