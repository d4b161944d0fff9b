import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { EventForm } from "./EventForm.tsx";

const place = document.getElementById("form");
if (place === null) throw new Error("index.html has no element #form");
createRoot(place).render(
  <StrictMode>
    <EventForm />
  </StrictMode>,
);
