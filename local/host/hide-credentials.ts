const CREDENTIAL_STARTS: readonly string[] = [
  'Token=',
  'DefaultEndpointsProtocol=http',
  'AccountKey=',
  'Data Source=',
  'Server=',
  'Password=',
  'pwd=',
  '&amp;sig=',
  '&sig=',
  '?sig=',
  'SharedAccessKey=',
  '&amp;code=',
  '&code=',
  '?code=',
];

const REPLACEMENT = '[Hidden Credential]';
const ENDS = /[<"']/;

/** Replaces text that looks like a credential, as the Functions host does in the messages of errors. */
export function hideCredentials(text: string): string {
  let hidden = text;
  for (const start of CREDENTIAL_STARTS) {
    let at = indexOfIgnoringCase(hidden, start, 0);
    while (at >= 0) {
      const rest = hidden.slice(at);
      const length = rest.search(ENDS);
      hidden = hidden.slice(0, at) + REPLACEMENT + (length < 0 ? '' : rest.slice(length));
      at = indexOfIgnoringCase(hidden, start, at + REPLACEMENT.length);
    }
  }
  return hidden;
}

function indexOfIgnoringCase(text: string, part: string, from: number): number {
  return text.toLowerCase().indexOf(part.toLowerCase(), from);
}
