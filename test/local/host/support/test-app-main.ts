/** Entry point of the test app as a bundle. */
import { registerTestApp } from './test-app.ts';

registerTestApp();
