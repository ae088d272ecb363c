// What every page has: the search box, the switch of the theme, and the language that is remembered.
import { rememberLanguage } from "../language";
import { search } from "../search";
import { themeSwitch } from "../theme";

themeSwitch();
rememberLanguage();
search();
