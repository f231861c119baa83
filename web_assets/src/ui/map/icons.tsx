/** The icons of the map's tools. */
import { icon } from "../parts/icons";

export const HandIcon = icon(<path d="M12 3v18M3 12h18M12 3 9.5 5.5M12 3l2.5 2.5M12 21l-2.5-2.5M12 21l2.5-2.5M3 12l2.5-2.5M3 12l2.5 2.5M21 12l-2.5-2.5M21 12l-2.5 2.5" />);
export const BoxIcon = icon(<rect x="4" y="5" width="16" height="14" rx="1" stroke-dasharray="3.2 2.6" />);
export const LassoIcon = icon(<><path d="M8 16.5c-2.6-1-4.5-3-4.5-5.5 0-3.6 3.8-6.5 8.5-6.500s8.5 2.9 8.5 6.5-3.8 6.5-8.5 6.500q-.8 0-1.6-.1" /><circle cx="9" cy="17" r="1.7" /><path d="M8.5 18.600c0 1.5-.8 2.4-2 2.9" /></>);
export const FitIcon = icon(<path d="M4 9V5.500A1.5 1.5 0 0 1 5.5 4H9M15 4h3.500A1.5 1.5 0 0 1 20 5.500V9M20 15v3.500a1.5 1.5 0 0 1-1.5 1.500H15M9 20H5.500A1.5 1.5 0 0 1 4 18.500V15" />);
export const LightIcon = icon(<><circle cx="12" cy="12" r="3" /><path d="M12 4v2.500m0 11V20M4 12h2.500m11 0H20" /></>);
