import type { Violation } from '../violation.ts';
import { violation } from '../violation-codes.ts';
import type { ConstraintContext } from './context.ts';

/** Regions that Microsoft lists, by their names in ARM; new ones come every year, so that others are only warned of. */
const KNOWN_LOCATIONS: ReadonlySet<string> = new Set(
  `australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth
  brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral denmarkeast eastasia eastus eastus2
  francecentral francesouth germanynorth germanywestcentral indonesiacentral israelcentral italynorth japaneast
  japanwest jioindiacentral jioindiawest koreacentral koreasouth malaysiawest mexicocentral newzealandnorth
  northcentralus northeurope norwayeast norwaywest polandcentral qatarcentral southafricanorth southafricawest
  southcentralus southeastasia southindia spaincentral swedencentral swedensouth switzerlandnorth switzerlandwest
  uaecentral uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3
  usdodcentral usdodeast usgovarizona usgovtexas usgovvirginia
  chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3`.split(/\s+/),
);

/** A region that nobody knows is most often a misspelt one, which Azure would refuse after minutes. */
export function* locationConstraints({ spec }: ConstraintContext): Iterable<Violation> {
  const places = [
    ['hub.location', spec.hub.location] as const,
    ...spec.spokes.map(({ location }, index) => [`spokes[${index}].location`, location] as const),
  ];
  for (const [path, location] of places) {
    if (location === undefined || KNOWN_LOCATIONS.has(location.toLowerCase().replaceAll(' ', ''))) continue;
    yield violation(
      'UnknownLocation',
      path,
      `${path} is '${location}', which is none of the regions known to Hubkeeper.`,
    );
  }
}
