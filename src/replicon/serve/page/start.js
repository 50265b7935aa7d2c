import {beginServed} from "./main.js";

beginServed();
