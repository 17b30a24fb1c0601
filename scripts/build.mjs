import { buildEngine, buildServer, installPackages } from './setup.mjs';

installPackages();
buildEngine();
buildServer();
