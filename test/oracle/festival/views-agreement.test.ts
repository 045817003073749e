import { compareFestival } from "./compare-festival.ts";

compareFestival("views");
