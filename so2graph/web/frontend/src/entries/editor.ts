// The SPARQL page as an editor. Without it the page is a form, which asks the same.
import { editor } from "../editor/page";
import { told } from "../editor/words";

const data = told("editor");
if (data) editor(data);
