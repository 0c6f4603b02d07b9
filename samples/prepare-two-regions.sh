#!/bin/sh
# Makes in the simulated Azure of a running local environment what two-regions.yaml expects to exist already.
# Usage: samples/prepare-two-regions.sh [STATE FOLDER]
set -eu

ready="${1:-.hubkeeper}/ready.json"
value() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$ready"; }
arm=$(value arm)
ca=$(value caFile)
first=/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups
second=/subscriptions/00000000-0000-4000-8000-000000000002/resourceGroups

# The header says that somebody else than Hubkeeper makes it; such calls need no token.
put() {
  echo "$1"
  answer=$(curl --silent --show-error --fail-with-body --noproxy '*' --cacert "$ca" \
    --request PUT --header 'x-sim-principal: colleague' --header 'content-type: application/json' \
    --data "$3" "$arm$1?api-version=$2") || { echo "$answer" >&2; exit 1; }
}

put "$first/rg-monitoring" 2024-11-01 '{"location": "northeurope"}'
put "$first/rg-monitoring/providers/Microsoft.OperationalInsights/workspaces/log-shared" 2025-07-01 \
  '{"location": "northeurope", "properties": {"sku": {"name": "PerGB2018"}}}'
put "$first/rg-security" 2024-11-01 '{"location": "northeurope"}'
put "$first/rg-security/providers/Microsoft.Network/firewallPolicies/fw-policy-global" 2025-05-01 \
  '{"location": "northeurope", "properties": {"sku": {"tier": "Standard"}}}'
put "$first/rg-dns" 2024-11-01 '{"location": "northeurope"}'
put "$first/rg-dns/providers/Microsoft.Network/privateDnsZones/privatelink.azurecr.io" 2024-06-01 '{"location": "global"}'
put "$second/rg-edge" 2024-11-01 '{"location": "westeurope"}'
put "$second/rg-edge/providers/Microsoft.Network/virtualNetworks/vnet-edge" 2025-05-01 \
  '{"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.130.0.0/20"]}}}'
