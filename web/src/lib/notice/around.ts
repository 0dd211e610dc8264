export { default as Around } from './Around.svelte';
export { default as Arrange } from './Arrange.svelte';
export { default as Swipes } from './Swipes.svelte';
export { default as Banner } from '../ui/Banner.svelte';
