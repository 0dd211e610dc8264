export { default as JudgeButton } from './JudgeButton.svelte';
export { default as JudgeDialog } from './JudgeDialog.svelte';
export { default as OrderDialog } from './OrderDialog.svelte';
export { default as OrderItem } from './OrderItem.svelte';
export { default as OrderLine } from './OrderLine.svelte';
export { default as PutOut } from './PutOut.svelte';
