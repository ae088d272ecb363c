// Runs before the page is painted: the theme and the language that the reader chose last time.
import { followLanguage } from "../language";
import { applyTheme } from "../theme";

document.documentElement.classList.add("js");
applyTheme();
followLanguage();
