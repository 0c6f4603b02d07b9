/** One row of the table of settings, as far as the sample needs it. */
export interface SettingToShow {
  readonly name: string;
  readonly sample?: string;
}

/** The shape that Core Tools read. */
export interface SettingsSample {
  readonly IsEncrypted: false;
  readonly Values: Readonly<Record<string, string>>;
}

/** What every Functions app of this kind needs besides its own settings. */
const PLATFORM = { FUNCTIONS_WORKER_RUNTIME: 'node', TASKHUB_NAME: 'Hubkeeper' } as const;

/** The contents of `local.settings.sample.json`, made from the table of settings. */
export function settingsSample(table: Readonly<Record<string, SettingToShow>>): SettingsSample {
  const own = Object.values(table).flatMap(({ name, sample }) => (sample === undefined ? [] : [[name, sample]]));
  return { IsEncrypted: false, Values: { ...PLATFORM, ...Object.fromEntries(own) } };
}
