import { describe, expect, it } from '@jest/globals';
import { errorsOfQuery } from '../../../lib/api/query.ts';
import { routeOf } from '../../../lib/api/routes.ts';

const errorsOf = (id: string, query: string) =>
  errorsOfQuery(routeOf(id), new URLSearchParams(query)).map(({ code, path }) => `${code} ${path}`);

describe('the query of a call', () => {
  it.each(['dryRun=true', 'dryRun=false', '', 'code=key', 'code=key&dryRun=true&whatever=1'])(
    'of a put may be "%s"',
    (query) => {
      expect(errorsOf('putBaseline', query)).toEqual([]);
    },
  );

  it.each(['dryRun=', 'dryRun=TRUE', 'dryRun=1', 'dryRun=yes', 'dryRun=true%20', 'dryRun=true&dryRun=false'])(
    'of a put may not be "%s": the put would write',
    (query) => {
      expect(errorsOf('putBaseline', query)).toEqual(['InvalidRequest query.dryRun']);
    },
  );

  it.each(['dryrun', 'DRYRUN', 'DryRun', 'dry-run', 'dry_run'])('names no parameter "%s"', (name) => {
    expect(errorsOf('putBaseline', `${name}=true`)).toEqual([`UnknownField query.${name}`]);
  });

  it('names no parameter of another call: it would be ignored', () => {
    expect(errorsOf('deleteBaseline', 'dryRun=true')).toEqual(['UnknownField query.dryRun']);
    expect(errorsOf('reconcileBaseline', 'dryrun=true')).toEqual(['UnknownField query.dryrun']);
  });

  it('is checked for what each parameter takes', () => {
    expect(errorsOf('readJournal', 'baseline=A&limit=0&since=x')).toEqual([
      'InvalidRequest query.baseline',
      'InvalidRequest query.limit',
      'InvalidRequest query.since',
    ]);
    expect(errorsOf('readJournal', 'baseline=a&limit=5&since=2026-03-01T09:30:00Z')).toEqual([]);
    expect(errorsOf('listOperations', 'Baseline=a')).toEqual(['UnknownField query.Baseline']);
  });
});
