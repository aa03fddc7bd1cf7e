"""The vendors whose agents are simulated, and where they are reached."""

from harness.simulator.vendors.connect_agent import CONNECT_PATHS, ConnectAgent
from harness.simulator.vendors.deepgram_agent import DeepgramAgent
from harness.simulator.vendors.elevenlabs_agent import ElevenLabsAgent
from harness.simulator.vendors.gemini_live import GeminiLive
from harness.simulator.vendors.pipecat_bot import PipecatBot
from harness.simulator.vendors.vapi_call import SOCKET, VapiCall

VENDORS = {
    **dict.fromkeys(CONNECT_PATHS, ConnectAgent),
    "/v1/agent/converse": DeepgramAgent,
    "/ws-client": PipecatBot,
    "/v1/convai/conversation": ElevenLabsAgent,
    SOCKET: VapiCall,
    "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent": GeminiLive,
}
"""By the path of their own services."""
