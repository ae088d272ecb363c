// What every page has: the switch of the theme, and the language that is remembered.
import { rememberLanguage } from "../language";
import { themeSwitch } from "../theme";

themeSwitch();
rememberLanguage();
