const button = document.getElementById("locate");
if (button && navigator.geolocation) {
  button.hidden = false;
  button.onclick = () => navigator.geolocation.getCurrentPosition(
    (found) => {
      document.getElementById("latitude").value = found.coords.latitude.toFixed(1);
      document.getElementById("longitude").value = found.coords.longitude.toFixed(1);
    },
    () => { button.textContent = "This device does not tell where it is"; },
  );
}
