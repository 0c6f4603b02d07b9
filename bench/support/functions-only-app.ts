// What every app on this stack loads: the two packages that register functions and orchestrations, and nothing of ours.
import '@azure/functions';
import 'durable-functions';
