import packageJson from '../package.json' with { type: 'json' };

/** Version of the app, as in package.json. */
export const APP_VERSION: string = packageJson.version;
