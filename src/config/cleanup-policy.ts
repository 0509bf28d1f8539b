/** Values of `cleanup.policy`; both at once from 0.10.1 on (KIP-71). */
export const cleanupPolicies = ['delete', 'compact', 'compact,delete', 'delete,compact'] as const
