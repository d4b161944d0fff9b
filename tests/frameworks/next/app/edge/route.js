import * as pik from "pik-client";
import { check, ofPackage } from "../check.mjs";

export const runtime = "edge";

export async function POST(request) {
  return Response.json(check(await request.text(), ofPackage(pik)));
}
