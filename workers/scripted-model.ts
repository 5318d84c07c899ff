/** The scripted model as a process of its own: stands in for the model when there is no key. */
import { join } from 'node:path';
import { startScriptedModel } from '../activities/model/scripted/server.ts';
import { CannotRun } from '../config/errors.ts';
import { configFromArgument, onStop, sayReady } from './entry.ts';

const { config, scenarioDir } = configFromArgument();
if (config.model.baseUrl === null) throw new CannotRun('the scripted model needs model.baseUrl: where it is to listen');
if (scenarioDir === null)
  throw new CannotRun('the scripted model needs model.scenarios: the folder of its scenario files');
const port = Number(new URL(config.model.baseUrl).port);
const model = await startScriptedModel({
  scenarioDir,
  port,
  logFile: join(config.dataDir, 'logs', 'model-requests.jsonl'),
});
sayReady();
onStop(() => void model.close().then(() => process.exit(0)));
