import { type ApiError, check, errorOf } from './errors.ts';
import { ROUTES, type Route } from './routes.ts';

/** A name as somebody may misspell it: `dryRun`, `dryrun` and `dry-run` are one. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

const KNOWN_NAMES = new Set(
  ROUTES.flatMap(({ parameters }) => parameters.filter((one) => one.in === 'query').map(({ name }) => plain(name))),
);

/**
 * What is wrong with the query of a call: values that its parameters do not take, parameters given twice, and names
 * that the API knows in another spelling or for another call. A `dryrun` that were ignored would write. Names that the
 * API knows nowhere are ignored, such as the key of the function in `code`.
 */
export function errorsOfQuery(route: Route, query: URLSearchParams): readonly ApiError[] {
  const own = new Map(route.parameters.flatMap((one) => (one.in === 'query' ? [[one.name, one.schema] as const] : [])));
  return [...new Set(query.keys())].flatMap((name): readonly ApiError[] => {
    const path = `query.${name}`;
    const schema = own.get(name);
    if (schema === undefined) {
      if (!KNOWN_NAMES.has(plain(name))) return [];
      const meant = [...own.keys()].find((one) => plain(one) === plain(name));
      return [
        meant === undefined
          ? errorOf('UnknownField', `This call takes no parameter ${JSON.stringify(name)}.`, {
              path,
              remedy: 'Leave the parameter out.',
            })
          : errorOf('UnknownField', `There is no parameter ${JSON.stringify(name)}; it is written '${meant}'.`, {
              path,
            }),
      ];
    }
    const values = query.getAll(name);
    if (values.length > 1) return [errorOf('InvalidRequest', `${path} is given ${values.length} times.`, { path })];
    const checked = check(schema, values[0], path);
    return checked.ok ? [] : checked.errors;
  });
}
