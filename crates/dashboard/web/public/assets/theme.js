// Before anything is painted: the theme that was chosen here. Without one the system's holds.
try {
  const theme = localStorage.getItem("fuelcell.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // No storage, no choice.
}
