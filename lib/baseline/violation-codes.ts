import type { Violation } from './violation.ts';

/** What a code means and what its reader does about it. `{name}` in a remedy is filled in where it is reported. */
export interface ViolationCodeText {
  readonly meaning: string;
  readonly remedy: string;
  /** A warning tells, and stands in nobody's way. */
  readonly severity?: 'warning';
}

/** Every code that validation reports, once. Warnings come from the same table. */
export const violationCodes = {
  DocumentTooLarge: {
    meaning: 'The document has more bytes than is accepted.',
    remedy: 'Keep the document under 256 KiB; split what is not one hub into another baseline.',
  },
  DocumentTypeUnsupported: {
    meaning: 'The content type is neither YAML nor JSON.',
    remedy: 'Send the document as application/yaml or application/json, in UTF-8.',
  },
  DocumentNotText: {
    meaning: 'The bytes are not UTF-8 text, or hold NUL or other control characters.',
    remedy: 'Save the document as plain UTF-8 text.',
  },
  DocumentEmpty: {
    meaning: 'There is nothing in the document.',
    remedy: 'Start from the sample and send a whole spec.',
  },
  DocumentSyntax: {
    meaning: 'The text is not YAML 1.2, or not JSON.',
    remedy: 'Correct the text at the line and column that the message names.',
  },
  DocumentNotAnObject: {
    meaning: 'The document is a list or a scalar at its top.',
    remedy: 'Make the top of the document a mapping with the properties of a spec.',
  },
  DocumentSeveral: {
    meaning: 'One stream holds several YAML documents.',
    remedy: 'Send one document; a baseline is one spec.',
  },
  DocumentDuplicateKey: {
    meaning: 'A mapping names the same key twice.',
    remedy: 'Keep one of the two; which of them counts would be a guess.',
  },
  DocumentKeyRefused: {
    meaning: 'A key is not a string, is a merge key, or is a name with a meaning in JavaScript.',
    remedy: 'Write the key as a plain property name; merge keys (<<) are not part of YAML 1.2.',
  },
  DocumentTagRefused: {
    meaning: 'A value carries a YAML tag, or the document a directive.',
    remedy: 'Remove the tag or directive and write the plain value.',
  },
  DocumentAliasRefused: {
    meaning: 'An alias has no anchor, contains itself, or there are too many of them.',
    remedy: 'Write the value out where it is used.',
  },
  DocumentTooDeep: {
    meaning: 'Values are nested deeper than any spec needs.',
    remedy: 'Nest at most 32 levels.',
  },
  DocumentTooManyValues: {
    meaning: 'The document holds, aliases expanded, more values than any spec needs.',
    remedy: 'Shorten the document; check what its aliases expand to.',
  },
  DocumentNumberRefused: {
    meaning: 'A number is not finite or loses digits when it is read.',
    remedy: 'Write a finite number, or put the value in quotes if it is text.',
  },
  PropertyUnknown: {
    meaning: 'The spec has no property of that name.',
    remedy: 'Remove it, or correct its spelling; there are {properties}.',
  },
  PropertyMissing: {
    meaning: 'A property that must be there is not.',
    remedy: 'Add it: {description}',
  },
  PropertyTypeWrong: {
    meaning: 'The value has another type than the property.',
    remedy: 'Write {wanted}: {description}',
  },
  PropertyNeedsQuotes: {
    meaning: 'YAML reads the value as a number or as true or false, but the property is text.',
    remedy: 'Put the value in quotes, so that it is text.',
  },
  PropertyValueRefused: {
    meaning: 'The value is none of those that the property takes.',
    remedy: 'Choose one of those: {description}',
  },
  PropertyOutOfRange: {
    meaning: 'The value is too small, too large, too short or too long.',
    remedy: 'Stay within the bound: {description}',
  },
  PropertyFormatWrong: {
    meaning: 'The text does not have the form of the property.',
    remedy: 'Correct it: {description}',
  },
  PropertiesContradict: {
    meaning: 'Two properties exclude each other, or one of two is missing.',
    remedy: 'Give exactly one of them.',
  },
  ArmIdMalformed: {
    meaning: 'The text is no complete Azure resource id.',
    remedy: 'Copy the whole id, starting with /subscriptions/.',
  },
  ArmIdWrongType: {
    meaning: 'The id belongs to another type of resource.',
    remedy: 'Give the id of a {wanted}.',
  },
  AddressPrefixInvalid: {
    meaning: 'The text is no address prefix.',
    remedy: 'Write it as 10.1.0.0/16 or fd00::/48.',
  },
  AddressPrefixHostBits: {
    meaning: 'The address of a prefix is not the first of its network.',
    remedy: 'Write {prefix}.',
  },
  AddressFamilyWrong: {
    meaning: 'The prefix has the other IP family.',
    remedy: 'Give an IPv{family} prefix.',
  },
  AddressInvalid: {
    meaning: 'The text is no address, or one of the other family.',
    remedy: 'Write one IPv{family} address.',
  },
  AddressRangeForbidden: {
    meaning: 'The prefix touches a range that Azure or AKS keeps for itself.',
    remedy: 'Choose a range outside {range}.',
  },
  AddressSpaceOverlap: {
    meaning: 'Two prefixes of one network share addresses.',
    remedy: 'Remove the one that lies in the other.',
  },
  AddressPrefixesTooMany: {
    meaning: 'A network has more prefixes than are accepted.',
    remedy: 'Summarise them in larger prefixes.',
  },
  NetworkWithoutIpv4: {
    meaning: 'A network has IPv6 prefixes only.',
    remedy: 'Add an IPv4 prefix; Azure has no networks with IPv6 alone.',
  },
  NetworksOverlap: {
    meaning: 'Two networks that are peered, or peered with the same hub, share addresses.',
    remedy: 'Give one of them another range.',
  },
  PublicRangeTranslated: {
    meaning: 'A network has public addresses that the firewall would translate.',
    remedy: 'Add {prefix} to hub.firewall.privateRanges.',
    severity: 'warning',
  },
  SubnetOutsideNetwork: {
    meaning: 'A subnet lies outside the address space of its network.',
    remedy: 'Choose a prefix inside the network, or add one to the network.',
  },
  SubnetsOverlap: {
    meaning: 'Two subnets share addresses.',
    remedy: 'Give one of them another prefix, or leave it out to have one planned.',
  },
  SubnetDoesNotFit: {
    meaning: 'No room is left for a subnet whose prefix is to be planned.',
    remedy: 'Add a prefix to the network, or ask for a smaller subnet.',
  },
  SubnetTooSmall: {
    meaning: 'A subnet is smaller than Azure takes for its purpose.',
    remedy: 'Give it a /{longest} or a larger one.',
  },
  SubnetTooLarge: {
    meaning: 'A subnet is larger than Azure takes for its purpose.',
    remedy: 'Give it a /{shortest} or a smaller one.',
  },
  SubnetSizeContradiction: {
    meaning: 'A subnet has a prefix and another prefixLength.',
    remedy: 'Keep one of the two.',
  },
  SubnetsTooMany: {
    meaning: 'A network has more subnets than Azure takes.',
    remedy: 'Split the network into several spokes.',
  },
  SubnetNameDuplicate: {
    meaning: 'Two subnets of one network have the same name.',
    remedy: 'Rename one of them.',
  },
  SubnetNameReserved: {
    meaning: 'A subnet has a name that Azure keeps for its own.',
    remedy: 'Rename it, or declare it under hub.subnets.',
  },
  GatewaySubnetSmall: {
    meaning: 'The GatewaySubnet is smaller than Microsoft advises.',
    remedy: 'Give it a /27, or a /26 for 16 ExpressRoute circuits.',
    severity: 'warning',
  },
  ApplicationGatewaySubnetSmall: {
    meaning: 'The subnet of an application gateway keeps it from growing to its most.',
    remedy: 'Give it a /24.',
    severity: 'warning',
  },
  DnsResolverRange: {
    meaning: 'The subnet is in a range that Microsoft once excluded for DNS resolvers.',
    remedy: 'Choose a range outside 10.0.1.0 to 10.0.16.255.',
    severity: 'warning',
  },
  Ipv6SubnetNotSlash64: {
    meaning: 'An IPv6 prefix of a subnet is not a /64.',
    remedy: 'Give it a /64.',
  },
  RouteToFirewallUnsupported: {
    meaning: 'The service in the subnet stops working when its default route leads to a firewall.',
    remedy: 'Remove routeToFirewall from this subnet.',
  },
  RouteToFirewallWithoutFirewall: {
    meaning: 'A subnet routes to a firewall that is not there.',
    remedy: 'Add hub.firewall or hub.virtualAppliance.',
  },
  RouteTableContradiction: {
    meaning: 'A subnet names an existing route table and routes besides.',
    remedy: 'Add the routes to that table yourself, or remove routeTableId.',
  },
  SecurityGroupContradiction: {
    meaning: 'A subnet names an existing security group and rules besides.',
    remedy: 'Add the rules to that group yourself, or remove its id.',
  },
  NatGatewayMissing: {
    meaning: 'A subnet or cluster needs a NAT gateway that is not there.',
    remedy: 'Declare natGateway and leave it attached to the subnet.',
  },
  SubnetDelegationWrong: {
    meaning: 'The purpose of a subnet does not allow that delegation.',
    remedy: 'Delegate it to {allowed}, or leave delegation out.',
  },
  PrivateLinkServicePolicies: {
    meaning: 'Network policies keep Private Link services from taking addresses.',
    remedy: 'Set privateLinkServiceNetworkPolicies to Disabled.',
  },
  SecurityRuleAddressInvalid: {
    meaning: 'An address of a security rule cannot be read, or a tag stands beside others.',
    remedy: 'Give prefixes, or one service tag, or *.',
  },
  SecurityRulePortInvalid: {
    meaning: 'A port of a security rule cannot be read.',
    remedy: 'Write 443, 8000-8080, or * alone.',
  },
  SecurityRuleNameDuplicate: {
    meaning: 'Two rules of a security group have the same name.',
    remedy: 'Rename your rule.',
  },
  SecurityRulePriorityDuplicate: {
    meaning: 'Two rules of one direction have the same priority.',
    remedy: 'Choose a priority that is free; those that Hubkeeper adds start at 3000.',
  },
  SecurityRulesTooMany: {
    meaning: 'A security group has more rules than Azure takes.',
    remedy: 'Put several prefixes and ports into one rule.',
  },
  RoutePrefixInvalid: {
    meaning: 'The destination of a route is neither a prefix nor a service tag.',
    remedy: 'Write a prefix such as 10.9.0.0/16, or a tag.',
  },
  RouteNextHopMissing: {
    meaning: 'A route leads to an appliance that nobody names.',
    remedy: 'Add nextHopIpAddress, a firewall, or an appliance of the hub.',
  },
  RouteNextHopUnexpected: {
    meaning: 'A route that leads to no appliance has the address of one.',
    remedy: 'Remove nextHopIpAddress, or set nextHopType to VirtualAppliance.',
  },
  RouteNameDuplicate: {
    meaning: 'Two routes of a table have the same name.',
    remedy: 'Rename your route.',
  },
  RoutePrefixDuplicate: {
    meaning: 'Two routes of a table have the same destination.',
    remedy: 'Keep one; 0.0.0.0/0 to the firewall is added by itself.',
  },
  RoutesTooMany: {
    meaning: 'A route table has more routes than Azure takes.',
    remedy: 'Summarise the destinations in larger prefixes.',
  },
  EgressHopTwice: {
    meaning: 'The hub has a firewall and another appliance for egress.',
    remedy: 'Keep one of the two.',
  },
  ApplianceInSpoke: {
    meaning: 'The appliance lies in a spoke whose traffic it should take.',
    remedy: 'Put it into the hub, or give its address outside the spokes.',
  },
  FirewallManagementUnused: {
    meaning: 'The hub has a firewall management subnet and no firewall.',
    remedy: 'Add hub.firewall, or remove the subnet.',
    severity: 'warning',
  },
  FirewallPrivateIpOutside: {
    meaning: "The firewall's private address is not one that its subnet can give.",
    remedy: 'Leave it out; Azure gives the firewall {first}.',
  },
  FirewallAutoscaleBounds: {
    meaning: "The bounds of the firewall's instances are not ones that Azure takes.",
    remedy: 'Make minCapacity and maxCapacity equal, or maxCapacity larger by 2 at least.',
  },
  PrivateRangeInvalid: {
    meaning: 'A private range of the firewall cannot be read.',
    remedy: 'Write an address, a prefix, a range, or IANAPrivateRanges.',
  },
  PublicIpBounds: {
    meaning: "The bounds of the firewall's public addresses contradict each other.",
    remedy: 'Order them: minimum at most count, count at most maximum.',
  },
  PublicIpIdsBeyondCount: {
    meaning: 'More existing public addresses are given than the firewall is to have.',
    remedy: 'Raise count, or remove ids.',
  },
  PublicIpPrefixSizesBeyondIds: {
    meaning: 'There are more sizes than existing prefixes.',
    remedy: 'Give one size for each entry of prefixIds.',
  },
  FirewallPublicIpLimit: {
    meaning: 'Public addresses and DNAT destinations are more than a firewall takes.',
    remedy: 'Lower maximum, or merge DNAT rules; 250 is the sum that Azure takes.',
  },
  FirewallPublicIpsFew: {
    meaning: 'The firewall has few public addresses for the egress of AKS.',
    remedy: 'Raise count or maximum, or give the firewall a NAT gateway.',
    severity: 'warning',
  },
  FirewallTierFeature: {
    meaning: 'The tier of the firewall lacks a feature.',
    remedy: 'Choose the tier {needed}, or remove the property.',
  },
  FirewallDnsProxyNeeded: {
    meaning: 'A rule names hosts, which the firewall resolves only with its DNS proxy.',
    remedy: 'Set hub.firewall.policy.dnsProxy to true, or use addresses.',
  },
  FirewallPolicyLimit: {
    meaning: 'A firewall policy holds more than Azure takes.',
    remedy: 'Stay at {most}: use IP groups and larger prefixes.',
  },
  RuleAddressInvalid: {
    meaning: 'An address of a firewall rule or IP group cannot be read.',
    remedy: 'Write an address, a prefix, a range, or, for destinations, a service tag.',
  },
  RulePortInvalid: {
    meaning: 'A port of a firewall rule cannot be read.',
    remedy: 'Write 443, 8000-8080, or *.',
  },
  RuleHostNameInvalid: {
    meaning: 'A host name of a firewall rule cannot be read, or has a wildcard where none is taken.',
    remedy: 'Write a host name; *.example.com is for application rules.',
  },
  RuleSourceMissing: {
    meaning: 'A firewall rule names no source.',
    remedy: 'Add sourceAddresses or sourceIpGroups.',
  },
  RuleDestinationMissing: {
    meaning: 'A firewall rule names no destination.',
    remedy: 'Add a destination to the rule.',
  },
  RuleTranslationUnclear: {
    meaning: 'A DNAT rule names no target, or two.',
    remedy: 'Give either translatedAddress or translatedFqdn.',
  },
  RuleCollectionMixed: {
    meaning: 'A collection holds rules of two types.',
    remedy: 'Put rules by host name and rules by address into collections of their own.',
  },
  RuleNameDuplicate: {
    meaning: 'Two rules, collections, groups or IP groups side by side have the same name.',
    remedy: 'Rename one of them.',
  },
  RulePriorityDuplicate: {
    meaning: 'Two collections or groups side by side have the same priority.',
    remedy: 'Choose a priority that is free; those that Hubkeeper adds take some as well.',
  },
  IpGroupUnknown: {
    meaning: 'A rule names an IP group that the spec does not have.',
    remedy: 'Add it to hub.firewall.ipGroups, or give the id of an existing one.',
  },
  IpGroupContradiction: {
    meaning: 'An existing IP group, which is not changed, is given addresses.',
    remedy: 'Remove ipAddresses or id.',
  },
  NatGatewayZones: {
    meaning: "The NAT gateway's zones do not go with its SKU.",
    remedy: 'Give one zone with Standard, and none with StandardV2.',
  },
  NatGatewayPublicIpLimit: {
    meaning: 'A NAT gateway would have more public addresses than Azure takes.',
    remedy: 'Lower publicIpCount, or ask for a smaller prefix; 16 is the most.',
  },
  BastionBasicFeature: {
    meaning: 'A Basic Bastion host lacks a feature.',
    remedy: 'Choose sku Standard, or remove the property.',
  },
  ZoneDuplicate: {
    meaning: 'A zone is named twice.',
    remedy: 'Name each zone once.',
  },
  HubGatewayMissing: {
    meaning: 'A spoke uses a gateway that the hub does not have.',
    remedy: 'Declare hub.subnets.gateway, or set useHubGateway to false.',
  },
  SpokeNameDuplicate: {
    meaning: 'Two spokes have the same name.',
    remedy: 'Rename one of them.',
  },
  SpokeUnknown: {
    meaning: 'A spoke is named that is not there.',
    remedy: 'Correct the name, or add the spoke.',
  },
  PeeringWithItself: {
    meaning: 'A spoke is peered with itself.',
    remedy: 'Name two spokes.',
  },
  PeeringDuplicate: {
    meaning: 'A pair of spokes is named twice.',
    remedy: 'Remove one of the two.',
  },
  PeeringsTooMany: {
    meaning: 'A network would have more peerings than Azure takes.',
    remedy: 'Start another hub; 500 peerings is the most.',
  },
  PrivateDnsZoneDuplicate: {
    meaning: 'A private DNS zone is named twice.',
    remedy: 'Keep one; a zone of one name resolves once in a network.',
  },
  PrivateDnsZoneUnresolved: {
    meaning: 'A zone is linked nowhere that the spokes ask.',
    remedy: 'Leave linkHub on, or give the spokes dnsServers: [].',
    severity: 'warning',
  },
  KubenetUnsupported: {
    meaning: 'Kubenet does not work with something else that the cluster has.',
    remedy: 'Use plugin azure with mode overlay, or change the other property.',
  },
  KubenetRoutesExceeded: {
    meaning: 'Kubenet would add more routes than a table takes.',
    remedy: 'Use overlay, or lower maxCount; a table has 400 routes.',
  },
  WindowsUnsupported: {
    meaning: 'Windows nodes do not work with something else that the cluster has.',
    remedy: 'Remove the Windows pool, or change the other property.',
  },
  IpFamiliesOrder: {
    meaning: 'The IP families are not IPv4, or IPv4 and IPv6.',
    remedy: 'Write [IPv4] or [IPv4, IPv6].',
  },
  Ipv6RangeUnexpected: {
    meaning: 'A cluster without IPv6 has an IPv6 range.',
    remedy: 'Add IPv6 to ipFamilies, or remove the range.',
  },
  DualStackUnsupported: {
    meaning: 'Dual stack does not work with something else that the cluster has.',
    remedy: 'Use overlay with network policy cilium or none, or IPv4 alone.',
  },
  DualStackAddressMissing: {
    meaning: 'A dual-stack cluster lacks IPv6 prefixes of its network.',
    remedy: 'Add an IPv6 prefix to the network, and ipv6AddressPrefix to the node subnet.',
  },
  CiliumUnsupported: {
    meaning: 'The Cilium dataplane does not go with the network plugin or policy.',
    remedy: 'Use plugin azure, dataplane cilium and networkPolicy cilium together.',
  },
  NetworkPolicyLimit: {
    meaning: "The cluster is larger than Azure's own network policy engine takes.",
    remedy: 'Use Cilium.',
  },
  OverlayNodesExceeded: {
    meaning: 'The cluster is larger than overlay takes.',
    remedy: 'Lower maxCount, or split the cluster; 5,000 nodes is the most.',
  },
  OverlayNameTooLong: {
    meaning: 'A name is longer than overlay takes.',
    remedy: 'Choose a name of 63 characters at most.',
  },
  NetworkModeUnexpected: {
    meaning: 'A network plugin without modes has one.',
    remedy: 'Remove mode, or use plugin azure.',
  },
  PodSubnetMissing: {
    meaning: 'Pods are to have a subnet that is not there.',
    remedy: 'Add a subnet with purpose pods.',
  },
  KubernetesVersionTooOld: {
    meaning: 'The version of Kubernetes lacks what the cluster needs.',
    remedy: 'Choose {version} or later.',
  },
  PrivateLinkServiceUnsupported: {
    meaning: 'Private Link services do not work with static blocks of pod addresses.',
    remedy: 'Use mode podSubnet or overlay, or remove the subnet.',
  },
  VirtualNodesUnsupported: {
    meaning: "Virtual nodes do not work with the cluster's network.",
    remedy: 'Use mode nodeSubnet or podSubnet, or turn virtualNodes off.',
  },
  VirtualNodesSubnetMissing: {
    meaning: 'Virtual nodes have no subnet.',
    remedy: 'Add a subnet with purpose virtualNodes.',
  },
  PodCidrUnexpected: {
    meaning: 'Pods have addresses of a subnet, and a range besides.',
    remedy: 'Remove podCidr, or use overlay.',
  },
  PodCidrOverlap: {
    meaning: 'The pod range overlaps a network.',
    remedy: 'Choose a range that no network of the baseline has.',
  },
  PodCidrNotPrivate: {
    meaning: 'The pod range is public.',
    remedy: 'Choose one in RFC 1918 or RFC 6598, such as 100.64.0.0/16.',
  },
  PodCidrTooSmall: {
    meaning: 'The pod range has too few /24 for the nodes.',
    remedy: 'Choose a /{prefixLength} or a larger one.',
  },
  PodIpv6CidrNotSlash64: {
    meaning: 'The IPv6 pod range is not a /64.',
    remedy: 'Give a /64.',
  },
  ServiceCidrTooLarge: {
    meaning: 'The service range is a /12 or larger.',
    remedy: 'Choose a /13 or a smaller one, such as 172.16.0.0/16.',
  },
  ServiceCidrOverlap: {
    meaning: 'The service range overlaps a network or the pods.',
    remedy: 'Choose a range that nothing else of the baseline has.',
  },
  ServiceIpv6CidrTooLarge: {
    meaning: 'The IPv6 service range is larger than a /108.',
    remedy: 'Choose a /108 or a smaller one.',
  },
  DnsServiceIpOutside: {
    meaning: "The cluster's DNS address is outside the service range.",
    remedy: 'Choose one inside, such as {example}.',
  },
  DnsServiceIpFirst: {
    meaning: "The cluster's DNS address is one that Kubernetes keeps.",
    remedy: 'Choose a later one, such as {example}.',
  },
  ClusterSubnetTooSmall: {
    meaning: 'A subnet has too few addresses for the cluster at its largest.',
    remedy: 'Give it a /{prefixLength} or a larger one.',
  },
  PodAddressesExceeded: {
    meaning: 'Pod subnets have more addresses than a network serves.',
    remedy: 'Use smaller pod subnets, or overlay; 65,536 is the most.',
  },
  PodSubnetTooLarge: {
    meaning: 'A pod subnet is larger than static blocks take.',
    remedy: 'Give it a /12 or a smaller one.',
  },
  PodBlockWaste: {
    meaning: 'Pods do not fill the last block of addresses of each node.',
    remedy: 'Set maxPods to {better}.',
    severity: 'warning',
  },
  InternalLoadBalancerIpOutside: {
    meaning: "The internal load balancer's address is not one that its subnet can give.",
    remedy: 'Choose one between {first} and the last but one of the subnet.',
  },
  ClusterNameInvalid: {
    meaning: 'A name is not one that Azure takes for a cluster.',
    remedy: 'Choose 1 to 63 letters, digits, hyphens and underscores, first and last a letter or digit.',
  },
  NodePoolBounds: {
    meaning: 'A pool has a larger minimum than maximum.',
    remedy: 'Make minCount at most maxCount.',
  },
  NodePoolNameTooLong: {
    meaning: 'A Windows pool has too long a name.',
    remedy: 'Choose a name of 6 characters at most.',
  },
  NodePoolNameDuplicate: {
    meaning: 'Two pools have the same name.',
    remedy: 'Rename one of them.',
  },
  NodePoolPodsTooFew: {
    meaning: 'A pool has room for fewer pods than AKS takes.',
    remedy: 'Raise maxPods or maxCount: together 30 pods at least.',
  },
  NodePoolSubnetUnknown: {
    meaning: 'A pool names a subnet that is not there, or is for something else.',
    remedy: 'Name a subnet of the same spoke with that purpose.',
  },
  NodeSubnetMissing: {
    meaning: 'A spoke with a cluster has no subnet for its nodes.',
    remedy: 'Add a subnet with purpose nodes.',
  },
  SystemPoolMissing: {
    meaning: 'No pool is a system pool.',
    remedy: 'Set mode System on one pool with Linux.',
  },
  SystemPoolWindows: {
    meaning: 'A system pool has Windows.',
    remedy: 'Set osType Linux, or mode User.',
  },
  SystemPoolEmpty: {
    meaning: 'A system pool may have no nodes.',
    remedy: 'Set minCount to 1 or more.',
  },
  OutboundRouteMissing: {
    meaning: 'User-defined routing has no default route to a firewall or appliance.',
    remedy: 'Leave routeToFirewall on, and declare a firewall or an appliance of the hub.',
  },
  OutboundTypeNeedsManagedNetwork: {
    meaning: "The outbound type is not for a network of one's own.",
    remedy: 'Choose userDefinedRouting, userAssignedNATGateway, loadBalancer or none.',
  },
  NetworkIsolatedUnsupported: {
    meaning: 'A network isolated cluster does not work with something else that the cluster has.',
    remedy: 'Change that property, or choose another outboundType.',
  },
  AuthorizedRangesPrivate: {
    meaning: 'A private API server has authorized ranges.',
    remedy: 'Remove authorizedIpRanges, or make access public.',
  },
  AuthorizedRangesTooMany: {
    meaning: 'There are more authorized ranges than Azure takes.',
    remedy: "Merge ranges; the firewall's addresses count as well.",
  },
  PrivateDnsZoneUnexpected: {
    meaning: 'A public API server has a private DNS zone.',
    remedy: 'Remove privateDnsZoneId, or make access private.',
  },
  ApiServerSubnetMissing: {
    meaning: 'API server VNet integration has no subnet.',
    remedy: 'Add a subnet with purpose apiServer.',
  },
  ApiServerRegionUnsupported: {
    meaning: 'The region has no API server VNet integration.',
    remedy: 'Make access private, or choose another region.',
  },
  IdentityContradiction: {
    meaning: 'A system-assigned identity has the id of another one.',
    remedy: 'Remove id, or set type to userAssigned.',
  },
  SystemAssignedIdentity: {
    meaning: 'A system-assigned identity cannot get its roles on this network in time.',
    remedy: 'Set identity.type to userAssigned.',
  },
  IngressSubnetMissing: {
    meaning: 'The ingress of a cluster has no subnet.',
    remedy: 'Add a subnet with purpose applicationGatewayForContainers and a /24.',
  },
  IngressAddonMissing: {
    meaning: 'The ingress of a cluster needs an add-on that is off.',
    remedy: 'Set addons.{addon} to true, or choose selfManaged.',
  },
  ServiceMeshTwice: {
    meaning: 'Two service mesh add-ons are on.',
    remedy: 'Keep Istio; Open Service Mesh ends.',
  },
  FeatureRetired: {
    meaning: 'Azure no longer supports a feature.',
    remedy: 'Use {successor}.',
  },
  FeatureRetiring: {
    meaning: 'Azure will stop supporting a feature, or has stopped and the spec may mean its successor.',
    remedy: 'Move to {successor} by {lastDayIso}.',
    severity: 'warning',
  },
  PlannedInAdoptedNetwork: {
    meaning: 'A subnet is to be planned in an existing network, whose other subnets are not in the spec.',
    remedy: 'Give the subnet an addressPrefix that is free in the network.',
    severity: 'warning',
  },
  UnknownLocation: {
    meaning: 'A region is named that is not among those known to this version: misspelt, or newer than it.',
    remedy: 'Check the spelling: az account list-locations names every region that a subscription can use.',
    severity: 'warning',
  },
  AdoptedTwice: {
    meaning: 'One existing resource is given twice.',
    remedy: 'Keep one of the two.',
  },
  AdoptedSubscription: {
    meaning: 'An existing resource is in another subscription than it has to be.',
    remedy: 'Give one in subscription {subscriptionId}, or correct subscriptionId.',
  },
  NameContradiction: {
    meaning: 'A name is not the one in the id of the existing resource.',
    remedy: 'Remove the name.',
  },
  FirewallResourceGroup: {
    meaning: "A firewall's network or public address is not in the firewall's resource group.",
    remedy: "Use resources in {resourceGroup}, or make that group the hub's.",
  },
  PolicyInheritsItself: {
    meaning: 'A firewall policy is its own base.',
    remedy: 'Give another basePolicyId, or none.',
  },
  TagNameInvalid: {
    meaning: "Azure refuses a tag's name.",
    remedy:
      'Rename the tag: none of < > % & \\ ? /, not starting with microsoft, azure or windows, unique without case.',
  },
  TagsTooMany: {
    meaning: 'There are more tags than Azure takes.',
    remedy: 'Keep 50 at most.',
  },
  BudgetBounds: {
    meaning: 'The budget of a run is larger than that of a day.',
    remedy: 'Lower perRun, or raise perDay.',
  },
  DriftWithoutBudget: {
    meaning: 'Drift is to be put right without any budget for it.',
    remedy: 'Raise budgets.perRun and budgets.perDay, or set drift.mode to propose.',
    severity: 'warning',
  },
  DriftPolicyKindUnknown: {
    meaning: 'A rule about drift names a kind of resource that there is not.',
    remedy: 'Choose one of {kinds}.',
  },
  DriftPolicyScopeUnknown: {
    meaning: 'A rule about drift names a part of the baseline that there is not.',
    remedy: 'Choose one of {scopes}, or write the id of a resource or a group.',
  },
  DriftPolicyPathInvalid: {
    meaning: 'The path of a rule about drift cannot be read.',
    remedy: 'Write property names joined by dots, and [] for every entry: properties.routes[].properties.nextHopType.',
  },
  DriftPolicyPathUnknown: {
    meaning: 'No resource that a rule about drift is for has its path.',
    remedy: 'Take a path as plans and the journal show it, with [] or [name] for entries.',
    severity: 'warning',
  },
  DriftPolicyMatchesNothing: {
    meaning: 'A rule about drift matches nothing of this baseline, so that it does nothing.',
    remedy: 'Remove it, or widen it.',
    severity: 'warning',
  },
  DriftPolicyDuplicate: {
    meaning: 'Two rules about drift match the same.',
    remedy: 'Keep one of the two; of several that match the strictest holds.',
  },
  TimeZoneUnknown: {
    meaning: 'A change window has an unknown time zone.',
    remedy: 'Write an IANA name such as Europe/Berlin.',
  },
  ChangeWindowDayDuplicate: {
    meaning: 'A change window names a day twice.',
    remedy: 'Name each day once.',
  },
  EgressThresholdOrder: {
    meaning: 'Thresholds of SNAT relief are not in an order in which it comes to rest.',
    remedy:
      'Keep scaleIn.utilizationPercent below scaleOut.targetPercent, that below scaleOut.utilizationPercent, and that at most scaleOut.maximumPercent.',
  },
  EgressFirewallMissing: {
    meaning: 'SNAT relief or its alert rules are asked for without a firewall.',
    remedy: 'Declare hub.firewall, or leave egress out.',
  },
  EgressReliefUseless: {
    meaning: 'SNAT relief is on, and there is nothing that it could add.',
    remedy:
      'Raise hub.firewall.publicIps.maximum; with a NAT gateway give that one more addresses, and set egress.mode to observe.',
    severity: 'warning',
  },
  EgressWithoutPrefixes: {
    meaning: 'Addresses that relief adds are known to nobody before they are used.',
    remedy: 'Give hub.firewall.publicIps prefixLengths, so that partners can allow whole prefixes ahead of time.',
    severity: 'warning',
  },
  EgressPrefixesSmall: {
    meaning: 'The public IP prefixes have fewer addresses than relief may reach.',
    remedy: 'Add to hub.firewall.publicIps.prefixLengths until they hold {maximum}, or lower the maximum.',
    severity: 'warning',
  },
  EgressWithoutBudget: {
    meaning: 'SNAT relief is on without any budget to take its addresses back.',
    remedy: 'Raise budgets.perRun and budgets.perDay, or set egress.scaleIn.enabled to false.',
    severity: 'warning',
  },
  EgressModeForbidden: {
    meaning: "SNAT relief is on, and the baseline's mode forbids it.",
    remedy: 'Set mode to no-delete or full, or egress.mode to observe.',
    severity: 'warning',
  },
  AlertRuleTellsNobody: {
    meaning: 'Alert rules are made without an action group.',
    remedy: 'Add egress.actionGroup, or leave alertRules out.',
    severity: 'warning',
  },
  AlertReceiverUrlInvalid: {
    meaning: 'The address of an alert receiver is none that an action group calls.',
    remedy: 'Write https://HOST/api/alerts/secure with the host of this app.',
  },
  AlertReceiverUrlSecret: {
    meaning: 'The address of an alert receiver holds a secret, which a spec must not.',
    remedy:
      'Name a secureWebhook and leave the key out, or give the id of an action group that was made with the key elsewhere.',
  },
  EgressAlertsOnlyPropose: {
    meaning: 'egress.mode is act, and the alerts of this baseline are of a severity that only proposes.',
    remedy: 'Set egress.alertSeverity to 2 or less, or egress.mode to propose.',
    severity: 'warning',
  },
  AlertReceiverOpen: {
    meaning: 'An alert receiver has neither token nor key.',
    remedy: 'Name the app registration under secureWebhook.',
    severity: 'warning',
  },
  ResourceNameDuplicate: {
    meaning: 'Two resources of one type and group would have the same name.',
    remedy: 'Change one of the names, or its override under nameOverrides.',
  },
  ResourceNameInvalid: {
    meaning: 'A name is not one that Azure takes for its type.',
    remedy: 'Choose a name of {words}.',
  },
  NameOverrideUnknown: {
    meaning: 'An override names nothing that is made.',
    remedy: 'Correct the key: kind/conventional name, as the plan shows it.',
  },
  PinnedPublicIpUnknown: {
    meaning: "A pinned public address is none of the firewall's.",
    remedy: 'Give the name of one of its addresses.',
  },
  MoreFound: {
    meaning: 'More was found than one answer holds.',
    remedy: 'Put the others right first, then validate again.',
  },
} as const satisfies Readonly<Record<string, ViolationCodeText>>;

export type ViolationCode = keyof typeof violationCodes;

/** Names in a document may be as long as the document; what is said about them is not. */
const maxTextLength = 500;

function clipped(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength - 2)}….`;
}

/** A violation with the remedy of its code, `{name}` filled in from `values`. */
export function violation(
  code: ViolationCode,
  path: string,
  message: string,
  values: Readonly<Record<string, string | number>> = {},
): Violation {
  const remedy = violationCodes[code].remedy.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    String(values[name] ?? placeholder),
  );
  return { code, path: clipped(path), message: clipped(message), remedy };
}

/** Whether a code only warns. */
export function isWarning(code: string): boolean {
  const text: ViolationCodeText | undefined = Object.hasOwn(violationCodes, code)
    ? violationCodes[code as ViolationCode]
    : undefined;
  return text?.severity === 'warning';
}
