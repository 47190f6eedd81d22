"""Simulated cameras: slow, muted, or without frames; and waiting for the page."""

from playwright.async_api import Page, expect

from tests.browser.conftest import SOON_MS

# Cameras are canvases. `window.cameras` holds each with the functions that control it. A camera opens after
# `window.opening`, if that is set, and opens muted if `window.bornMuted` is true.
CAMERAS = """
window.cameras = [];
window.states = [];
new MutationObserver(() => window.states.push(document.documentElement.dataset.state))
  .observe(document, { attributeFilter: ['data-state'], subtree: true });
navigator.mediaDevices.getUserMedia = async ({ video }) => {
  const size = { width: video.width.ideal, height: video.height.ideal };
  await window.opening?.(size, window.cameras.length);
  const canvas = Object.assign(document.createElement('canvas'), size);
  const pen = canvas.getContext('2d');
  let muted = Boolean(window.bornMuted), drawing = !muted, drawn = 0;
  const draw = () => {
    if (!drawing) return;
    pen.fillStyle = `hsl(${(drawn += 7) % 360} 60% 50%)`;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  };
  draw();
  const timer = setInterval(draw, 40);
  const stream = canvas.captureStream(25);
  const [track] = stream.getVideoTracks();
  Object.defineProperty(track, 'muted', { get: () => muted });
  const say = (what) => { muted = what === 'mute'; track.dispatchEvent(new Event(what)); };
  window.cameras.push({
    track, size,
    mute: () => { drawing = false; say('mute'); },
    unmute: () => { drawing = true; say('unmute'); },
    fallSilent: () => { drawing = false; },
    speakAgain: () => { drawing = true; },
  });
  return stream;
};
window.camera = () => window.cameras[window.cameras.length - 1];
window.openCameras = () => window.cameras.filter(({ track }) => track.readyState === 'live').length;
"""

# A file plays in a loop, like a camera. A page without a storage, such as about:blank, has no choices.
LOOP = "try { localStorage.setItem('facestream.clip', 'in a loop'); } catch {}"

# WebRTC finds no candidate, so frames go over a WebSocket, the newest of which is `window.newestSocket`.
JPEG = """
const Connection = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Connection {
  constructor(given) { super({ ...given, iceTransportPolicy: 'relay' }); }
};
const Socket = window.WebSocket;
window.WebSocket = class extends Socket {
  constructor(...given) { super(...given); window.newestSocket = this; }
};
window.endByServer = (notice) => {
  const socket = window.newestSocket, { onmessage, onclose } = socket;
  onmessage({ data: JSON.stringify({ type: 'notice', ...notice }) });
  onclose({ code: 1001 });
};
window.askToMove = () => window.newestSocket.onmessage({ data: '{"type":"notice","code":"move"}' });
"""

# The test can end the newest connection with a notice, as a server does, and break it, as a network does.
WEBRTC = """
const Connection = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Connection {
  constructor(...given) { super(...given); window.newest = this; }
  createDataChannel(label, ...given) {
    const channel = super.createDataChannel(label, ...given);
    if (label === 'control') window.newestControl = channel;
    return channel;
  }
};
window.endByServer = (notice) => {
  const { onmessage, onclose } = window.newestControl;
  onmessage({ data: JSON.stringify({ type: 'notice', ...notice }) });
  onclose();
};
window.askToMove = () => window.newestControl.onmessage({ data: '{"type":"notice","code":"move"}' });
window.breakConnection = () => {
  Object.defineProperty(window.newest, 'connectionState', { value: 'failed' });
  window.newest.dispatchEvent(new Event('connectionstatechange'));
};
"""

NOTHING = "\N{EN DASH}"
"""What the page shows instead of an unknown figure."""

TRANSPORTS = {"webrtc": WEBRTC, "jpeg": JPEG}


async def expect_state(page: Page, state: str) -> None:
    await expect(page.locator("html")).to_have_attribute("data-state", state, timeout=SOON_MS)


async def expect_problem(page: Page, key: str) -> None:
    """Wait until the page shows the error with this key of PROBLEMS in texts/en-problems.js."""
    await expect(page.locator("html")).to_have_attribute("data-problem", key, timeout=SOON_MS)


async def let_pass(page: Page, ms: int) -> None:
    """Wait until the page's clock has advanced by `ms`."""
    await page.wait_for_function("(end) => performance.now() > end", arg=await now_ms(page) + ms)


async def now_ms(page: Page) -> float:
    now: float = await page.evaluate("performance.now()")
    return now


async def states_since(page: Page, count: int) -> list[str]:
    """The states that the page has entered after the first `count`."""
    states: list[str] = await page.evaluate("(count) => window.states.slice(count)", count)
    return states


async def states_so_far(page: Page) -> int:
    count: int = await page.evaluate("window.states.length")
    return count


async def session_of(page: Page) -> str:
    """The session id, once the page shows one."""
    await expect(page.locator("#session")).not_to_have_text(NOTHING, timeout=SOON_MS)
    return await page.locator("#session").text_content() or ""


async def expect_width(page: Page, width: int) -> None:
    """Wait for an annotated frame of this width."""
    await page.wait_for_function(
        "(width) => document.getElementById('video').videoWidth === width", arg=width, timeout=SOON_MS
    )
