import { kmvmHome, repositoryRoot } from "../lib/paths";
import { serve } from "../plugin/server";
import { kmvmPlugin } from "./plugin";

void serve(kmvmPlugin(repositoryRoot(), kmvmHome()));
