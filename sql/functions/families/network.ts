import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** inet, cidr, macaddr and macaddr8. */
export const networkFunctions: FunctionFamily = {
  name: 'network',
  total: [
    ...comparisons('network_', 'macaddr_', 'macaddr8_'),
    ...words('network_cmp network_larger network_smaller hashinet hashinetextended'),
    ...words('network_sub network_subeq network_sup network_supeq network_overlap inet_same_family'),
    ...words('network_family network_masklen network_network network_broadcast network_netmask'),
    ...words('network_hostmask network_host network_show inet_abbrev cidr_abbrev inet_to_cidr inetnot'),
    ...words('macaddr_cmp macaddr_not macaddr_and macaddr_or macaddr_trunc macaddrtomacaddr8'),
    ...words('macaddr8_cmp macaddr8_not macaddr8_and macaddr8_or macaddr8_trunc macaddr8_set7bit'),
    ...words('hashmacaddr hashmacaddrextended hashmacaddr8 hashmacaddr8extended'),
  ],
  fallible: words(
    'inetand inetor inetpl inetmi inetmi_int8 inet_merge inet_set_masklen cidr_set_masklen macaddr8tomacaddr',
  ),
};
