import type { ChangeAuthor } from '../state/drift-watch.ts';

/** Who made a change: a name, else the id of an app or an account. Text of others: whoever shows it cleans and cuts it. */
export function authorText(author: ChangeAuthor | null | undefined): string {
  const { name, appId, objectId } = author ?? { name: null, appId: null, objectId: null };
  if (name !== null) return name;
  if (appId !== null) return `the app ${appId}`;
  return objectId === null ? 'somebody unnamed' : `the account ${objectId}`;
}
