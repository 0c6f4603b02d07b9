import * as z from 'zod';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/** Schema id of the common alert schema. */
const COMMON_SCHEMA = 'azureMonitorCommonAlertSchema';

export type MonitorCondition = 'Fired' | 'Resolved';
export type Severity = 'Sev0' | 'Sev1' | 'Sev2' | 'Sev3' | 'Sev4';

/** One name and value that an alert was split by. */
export interface AlertDimension {
  readonly name: string;
  readonly value: string;
}

/** One criterion of a metric or log alert. Figures that the payload does not carry are `null`. */
export interface AlertCriterion {
  readonly metricName: string | null;
  readonly metricNamespace: string | null;
  /** As sent, such as `GreaterThan`. */
  readonly operator: string | null;
  readonly threshold: number | null;
  readonly timeAggregation: string | null;
  readonly metricValue: number | null;
  readonly dimensions: readonly AlertDimension[];
}

/** What an alert is about, as far as its `alertContext` says. */
export type AlertContextKind =
  | 'metric'
  | 'dynamicMetric'
  | 'availability'
  | 'log'
  | 'logV1'
  | 'activityLog'
  | 'serviceHealth'
  | 'resourceHealth'
  | 'smartDetection'
  | 'prometheus'
  | 'budget'
  | 'unknown';

/** An alert of the common alert schema, with what later decisions use and nothing else: no query, no rows, no links. */
export interface CommonAlert {
  readonly alertId: string;
  readonly alertRule: string | null;
  readonly severity: Severity | null;
  readonly monitorCondition: MonitorCondition;
  readonly monitoringService: string | null;
  /** Ids as sent; casing is mixed. Of log alerts the workspace, not the resource. */
  readonly targetIds: readonly string[];
  /** As sent, with up to seven fraction digits. */
  readonly firedDateTime: string | null;
  readonly resolvedDateTime: string | null;
  readonly contextKind: AlertContextKind;
  readonly criteria: readonly AlertCriterion[];
}

/** Alert payloads from before the common alert schema: understood well enough to say what to change. */
export interface LegacyAlert {
  readonly format: 'metric' | 'activityLog' | 'logV1';
  /** Resource that it names; empty when it names none. */
  readonly target: string;
}

/** What is wrong with a payload, and where. */
export interface PayloadFault {
  readonly code: 'InvalidRequest' | 'MissingField';
  readonly path: string;
  readonly message: string;
  readonly remedy: string;
}

export type AlertPayload =
  | { readonly form: 'common'; readonly alert: CommonAlert }
  | { readonly form: 'legacy'; readonly alert: LegacyAlert }
  | { readonly form: 'malformed'; readonly faults: readonly PayloadFault[] };

const SEVERITIES: readonly Severity[] = ['Sev0', 'Sev1', 'Sev2', 'Sev3', 'Sev4'];
const CONDITIONS: readonly MonitorCondition[] = ['Fired', 'Resolved'];

/** Longest text of a payload that is kept: ARM ids have at most 2,083 characters. */
const LONGEST_TEXT = 2_083;
/** More targets or criteria than any rule has (Azure Monitor splits a rule into one alert per resource). */
const MOST_TARGETS = 100;
const MOST_CRITERIA = 100;
const MOST_DIMENSIONS = 50;

/** Text, or `null` for everything that is none or too long to be what it should be. */
const text = z
  .unknown()
  .optional()
  .transform((value) => (typeof value === 'string' && value.length <= LONGEST_TEXT ? value : null));

/** A number, also when it was sent as text: thresholds are, and legacy severities. */
const figure = z
  .unknown()
  .optional()
  .transform((value) => {
    if (typeof value === 'number') return Number.isFinite(value) ? value : null;
    if (typeof value !== 'string' || value.trim() === '') return null;
    const number = Number(value);
    return Number.isFinite(number) ? number : null;
  });

const texts = (most: number) =>
  z
    .unknown()
    .optional()
    .transform((value) =>
      (Array.isArray(value) ? value : [])
        .filter((item): item is string => typeof item === 'string' && item !== '' && item.length <= LONGEST_TEXT)
        .slice(0, most),
    );

const dimensions = z
  .unknown()
  .optional()
  .transform((value): readonly AlertDimension[] =>
    (Array.isArray(value) ? value : [])
      .slice(0, MOST_DIMENSIONS)
      .filter(isJsonObject)
      .flatMap(({ name, value: content }) =>
        typeof name === 'string' && typeof content === 'string' && content.length <= LONGEST_TEXT
          ? [{ name, value: content }]
          : [],
      ),
  );

const criterion = z.object({
  metricName: text,
  metricNamespace: text,
  operator: text,
  threshold: figure,
  timeAggregation: text,
  metricValue: figure,
  dimensions,
});

/** Required are only the four fields that Microsoft's schema always has; all else may be missing, null or of another type. */
const commonAlert = z.object({
  essentials: z.object({
    alertId: z.string().min(1).max(LONGEST_TEXT),
    monitorCondition: z.string().transform((value, context): MonitorCondition => {
      const known = CONDITIONS.find((condition) => sameWord(condition, value));
      if (known !== undefined) return known;
      context.issues.push({ code: 'custom', message: 'must be Fired or Resolved', input: value });
      return z.NEVER;
    }),
    alertRule: text,
    severity: z.unknown().optional().transform(severityOf),
    signalType: text,
    monitoringService: text,
    alertTargetIDs: texts(MOST_TARGETS),
    firedDateTime: text,
    resolvedDateTime: text,
  }),
  alertContext: z.custom<JsonObject>(isJsonObject, 'must be an object'),
});

/**
 * Reads what was posted as an alert. Lenient, as Microsoft's own samples differ from its schema: enumerations and
 * ids in any case, numbers as text, unknown fields ignored, types of optional fields not relied on. Never throws.
 */
export function readAlertPayload(value: unknown): AlertPayload {
  if (!isJsonObject(value)) return malformed('', 'The body is no JSON object.');
  const { schemaId } = value;
  if (typeof schemaId === 'string' && sameWord(schemaId, COMMON_SCHEMA)) return readCommon(value);
  const legacy = legacyOf(value);
  if (legacy !== undefined) return { form: 'legacy', alert: legacy };
  if (schemaId === undefined) return malformed('schemaId', 'schemaId is missing.', 'MissingField');
  return malformed('schemaId', `schemaId is not ${COMMON_SCHEMA}.`);
}

function malformed(path: string, message: string, code: PayloadFault['code'] = 'InvalidRequest'): AlertPayload {
  return { form: 'malformed', faults: [{ code, path, message, remedy: REMEDY }] };
}

const REMEDY =
  'Send alerts of Azure Monitor in the common alert schema: set useCommonAlertSchema on the receiver of the action group.';

function readCommon(value: JsonObject): AlertPayload {
  const read = commonAlert.safeParse(value.data);
  if (!read.success) {
    return {
      form: 'malformed',
      faults: read.error.issues.map((issue) => {
        const path = ['data', ...issue.path].map(String).join('.');
        const isMissing = valueAt(value, ['data', ...issue.path]) === undefined;
        return {
          code: isMissing ? 'MissingField' : 'InvalidRequest',
          path,
          message: isMissing ? `${path} is missing.` : `${path} is not valid (${issue.message}).`,
          remedy: REMEDY,
        };
      }),
    };
  }
  const { essentials, alertContext } = read.data;
  const criteria = criteriaOf(alertContext);
  return {
    form: 'common',
    alert: {
      alertId: essentials.alertId,
      alertRule: essentials.alertRule,
      severity: essentials.severity,
      monitorCondition: essentials.monitorCondition,
      monitoringService: essentials.monitoringService,
      targetIds: essentials.alertTargetIDs,
      firedDateTime: essentials.firedDateTime,
      resolvedDateTime: essentials.resolvedDateTime,
      contextKind: contextKindOf(alertContext, essentials.monitoringService),
      criteria,
    },
  };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isJsonObject(inner) && Object.hasOwn(inner, key) ? inner[String(key)] : undefined),
    value,
  );
}

function criteriaOf(context: JsonObject): readonly AlertCriterion[] {
  const { condition } = context;
  const allOf = isJsonObject(condition) && Array.isArray(condition.allOf) ? condition.allOf : [];
  return allOf
    .slice(0, MOST_CRITERIA)
    .filter(isJsonObject)
    .map((one) => criterion.parse(one));
}

const KIND_BY_CONDITION_TYPE: Readonly<Record<string, AlertContextKind>> = {
  singleresourcemultiplemetriccriteria: 'metric',
  multipleresourcemultiplemetriccriteria: 'metric',
  dynamicthresholdcriteria: 'dynamicMetric',
  webtestlocationavailabilitycriteria: 'availability',
  logquerycriteria: 'log',
};

const KIND_BY_SERVICE: Readonly<Record<string, AlertContextKind>> = {
  servicehealth: 'serviceHealth',
  resourcehealth: 'resourceHealth',
  smartdetector: 'smartDetection',
  costalerts: 'budget',
  loganalytics: 'logV1',
  applicationinsights: 'logV1',
  prometheus: 'prometheus',
};

/** The condition type decides; contexts without one are told by the service, or by a field that only they have. */
function contextKindOf(context: JsonObject, monitoringService: string | null): AlertContextKind {
  const { conditionType } = context;
  const byType = typeof conditionType === 'string' ? KIND_BY_CONDITION_TYPE[conditionType.toLowerCase()] : undefined;
  if (byType !== undefined) return byType;
  const service = wordOf(monitoringService ?? '');
  const byService = Object.hasOwn(KIND_BY_SERVICE, service) ? KIND_BY_SERVICE[service] : undefined;
  if (byService !== undefined) return byService;
  if (service.startsWith('activitylog')) return 'activityLog';
  if ('ruleGroup' in context && 'expression' in context) return 'prometheus';
  if ('SearchQuery' in context) return 'logV1';
  return 'unknown';
}

/** Words compare without case, blanks and dashes: `Resource Health` and `ResourceHealth` are one. */
function wordOf(value: string): string {
  return value.toLowerCase().replace(/[\s_-]+/g, '');
}

function sameWord(a: string, b: string): boolean {
  return wordOf(a) === wordOf(b);
}

function severityOf(value: unknown): Severity | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const digits = wordOf(String(value)).replace(/^sev/, '');
  return SEVERITIES.find((severity) => severity === `Sev${digits}`) ?? null;
}

/** Payloads of before the common schema. Each action group receiver chooses the schema, and templates default to these. */
function legacyOf(value: JsonObject): LegacyAlert | undefined {
  const schemaId = typeof value.schemaId === 'string' ? value.schemaId.toLowerCase() : undefined;
  const data = isJsonObject(value.data) ? value.data : {};
  const context = isJsonObject(data.context) ? data.context : {};
  if (schemaId === 'azuremonitormetricalert') {
    return { format: 'metric', target: shortText(context.resourceId) };
  }
  if (schemaId === 'microsoft.insights/activitylogs') {
    const activity = isJsonObject(context.activityLog) ? context.activityLog : {};
    return { format: 'activityLog', target: shortText(activity.resourceId) };
  }
  if (schemaId === 'microsoft.insights/logalert') return { format: 'logV1', target: '' };
  if (schemaId === undefined && 'SearchQuery' in value && 'AlertType' in value) return { format: 'logV1', target: '' };
  return undefined;
}

function shortText(value: Json | undefined): string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT ? value : '';
}
